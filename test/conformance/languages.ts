import { go } from './go/language.ts'
import { java } from './java/language.ts'
import type { Language } from './language.ts'
import { php } from './php/language.ts'
import { python } from './python/language.ts'
import { pythonPydantic } from './python-pydantic/language.ts'
import { ruby } from './ruby/language.ts'
import { rust } from './rust/language.ts'
import { typescriptFetch, typescriptHeyApi } from './typescript/languages.ts'

/** Those that take longest come first, so that none of them is left over at the end. */
export const LANGUAGES: Language[] = [
  rust,
  go,
  python,
  java,
  typescriptHeyApi,
  typescriptFetch,
  pythonPydantic,
  ruby,
  php
]
