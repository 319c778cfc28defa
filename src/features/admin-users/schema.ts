import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import { Id, NO_NUL, params, ref, requestBody, responseBody } from '../../http/schemas.ts'
import { Role, USER_EXAMPLE, userProperties } from '../identity/schema.ts'

export const adminUserProperties = {
  ...userProperties,
  disabled: Type.Boolean({ description: 'True while the account cannot be used.' })
}
export const AdminUser = responseBody('AdminUser', adminUserProperties, {
  description: 'A user account, as admins see it.',
  examples: [{ ...USER_EXAMPLE, disabled: false }]
})
export type AdminUser = Static<typeof AdminUser>
export const AdminUserPage = pageSchema('AdminUserPage', AdminUser, 'A page of users.')

export const AdminUserUpdate = requestBody(
  'AdminUserUpdate',
  {
    role: Type.Optional(ref(Role)),
    disabled: Type.Optional(
      Type.Boolean({ description: 'True locks the account and ends its sessions.' })
    )
  },
  {
    minProperties: 1,
    description: 'What to change of a user; an absent field stays as it is.',
    examples: [{ role: 'manager' }]
  }
)
export type AdminUserUpdate = Static<typeof AdminUserUpdate>

export const UserListQuery = params({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: NO_NUL,
      description: 'Only users whose name, username or email contains this text, in any case.'
    })
  ),
  role: Type.Optional(ref(Role)),
  disabled: Type.Optional(
    Type.Boolean({ description: 'Only disabled users, or only enabled ones.' })
  ),
  ...PageQuery,
  include_total: Type.Optional(
    Type.Boolean({ default: false, description: 'Also count all matches.' })
  )
})
export type UserListQuery = Static<typeof UserListQuery>
export type UserFilter = Pick<UserListQuery, 'q' | 'role' | 'disabled'>

export const UserParams = params({ user_id: Id("The user's id.") })
export const UserApiKeyParams = params({
  user_id: Id("The user's id."),
  key_id: Id("The key's id.")
})
export const UserApiKeyListQuery = params(PageQuery)

export const schemas: TSchema[] = [AdminUser, AdminUserPage, AdminUserUpdate]
