import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import { Id, NO_NUL, NullableText, params, responseBody } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

export const Person = responseBody(
  'Person',
  {
    id: Id("The user's id."),
    display_name: Type.String({
      maxLength: 254,
      pattern: NO_NUL,
      description: md`How to call them: their name, else their username, else their email with all but its first
                      character and its domain left out.`
    }),
    username: NullableText('Their username.', 64)
  },
  {
    description: 'A user, as others see them.',
    examples: [
      { id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab', display_name: 'Ann Lee', username: 'ann' }
    ]
  }
)
export type Person = Static<typeof Person>
export const PersonPage = pageSchema('PersonPage', Person, 'A page of people.')

export const MAX_IDS = 100
export const PeopleQuery = params({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: NO_NUL,
      description: 'Only people whose name or username begins with this text, in any case.'
    })
  ),
  id: Type.Optional(
    Type.Array(Id('The id of a user.'), {
      maxItems: MAX_IDS,
      description: md`Only people with one of these ids, also those whose account is disabled; repeat the parameter.
                      Without \`limit\` all of them are on one page.`
    })
  ),
  project_id: Type.Optional(
    Id('Only those who belong to this project; nobody where you cannot see it.')
  ),
  task_id: Type.Optional(
    Type.Array(Id('The id of a task.'), {
      minItems: 1,
      maxItems: MAX_IDS,
      description: md`Only those who appear in these tasks, as owner, creator, assignee, author of a comment or in the
                      history: whoever sees a task sees their names, also of those who have left its project. Repeat the
                      parameter. A task that you cannot see adds nobody. API keys also need the scope
                      \`tasks:read\`.`
    })
  ),
  limit: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 100,
      description: 'The most entries to return: 20 unless you say otherwise, and 100 with `id`.'
    })
  ),
  cursor: PageQuery.cursor
})
export type PeopleQuery = Static<typeof PeopleQuery>

export const schemas: TSchema[] = [Person, PersonPage]
