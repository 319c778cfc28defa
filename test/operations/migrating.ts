/** Run by migrate.test.ts in a process that it kills: migrates the database of a URL by the migrations of a folder. */
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'

const [url = '', folder = ''] = process.argv.slice(2)
const { db, close } = await openDatabase({ url, dataDir: '', pool: 1, withoutTimeouts: true })
console.log(JSON.stringify(await migrate(db, { folder })))
await close()
