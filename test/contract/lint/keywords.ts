/** Keywords of TypeScript, Python, Go, Java, Kotlin, Rust and C#: each generator renames them in its own way. */
export const RESERVED = new Set(
  `
  abstract and as assert async await base bool boolean break byte case catch chan char
  checked class const continue crate debugger decimal def default defer delegate delete do
  double dyn elif else enum event except explicit export extends extern fallthrough false
  final finally fixed float fn for foreach from func function global go goto if impl
  implements import instanceof int interface internal is lambda let lock long loop macro
  match mod move mut namespace native new nil none nonlocal not null object operator or
  out override package params pass private protected pub public raise range readonly ref
  return sealed select self short sizeof static strictfp string struct super switch
  synchronized this throw throws trait transient true try typeof uint union unsafe unsized
  use using val var virtual void volatile when where while with yield
  `
    .trim()
    .split(/\s+/)
)
