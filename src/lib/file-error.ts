const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  EEXIST: 'there is something else of that name',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle'
}

/** Says why the system refused a file, in words after a colon. */
export const fileErrorReason = (error: unknown): string => {
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  return REASONS[code] ?? (code || message)
}
