import { go } from './go/language.ts'
import { java } from './java/language.ts'
import type { Language } from './language.ts'
import { php } from './php/language.ts'
import { python } from './python/language.ts'
import { pythonPydantic } from './python-pydantic/language.ts'
import { ruby } from './ruby/language.ts'
import { rust } from './rust/language.ts'
import { typescriptFetch, typescriptHeyApi } from './typescript/languages.ts'

/** The slowest come first, so that parallel jobs end at about the same time. */
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
