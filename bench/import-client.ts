/** An account on the server at `origin`, which is the base URL of the API. */
export interface Session {
  origin: string
  id: string
  token: string
}

/** The fields that the benchmark reads from responses. */
interface ResponseBody {
  id: string
  status: string
  rows_imported: number
  access_token: string
  user: { id: string }
}

/** Sends a request, with an object as JSON, and returns the body of the response; throws unless it is successful. */
export async function send(
  { origin, token }: Pick<Session, 'origin'> & Partial<Session>,
  method: 'GET' | 'POST',
  path: string,
  body?: object
): Promise<ResponseBody> {
  const isForm = body instanceof FormData
  const response = await fetch(origin + path, {
    method,
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && !isForm && { 'content-type': 'application/json' })
    }
  })
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
  return (await response.json()) as ResponseBody
}

export async function signUp(origin: string, username: string): Promise<Session> {
  const { user, access_token } = await send({ origin }, 'POST', '/auth/register', {
    username,
    password: 'correct horse battery'
  })
  return { origin, id: user.id, token: access_token }
}

export const createTask = (session: Session, title: string) =>
  send(session, 'POST', '/tasks', { title })
