/** Run by migrate.test.ts in a process of its own, to be killed: migrates the server of the first argument by the folder of the second. */
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'

const [url = '', folder = ''] = process.argv.slice(2)
const { db, close } = await openDatabase({ url, dataDir: '', pool: 1, withoutTimeouts: true })
console.log(JSON.stringify(await migrate(db, { folder })))
await close()
