// The design that the platform replaces: Express, SQLite in the process, a queue in
// memory. The same five endpoints and JSON of the same shape. Its best documented
// settings: WAL, statements prepared once; synchronous=FULL, since a POST that was
// answered must be on disk here as there. What the queue holds is lost with the process.
//
//   node server.js PORT FILE
import Database from 'better-sqlite3'
import express from 'express'
import { randomUUID } from 'node:crypto'

const [port, file] = process.argv.slice(2)
const db = new Database(file)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec(`
  CREATE TABLE IF NOT EXISTS stores (id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL,
    host TEXT NOT NULL UNIQUE, operation TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS stores_created ON stores (created_at, id);
  CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, store_id TEXT, action TEXT NOT NULL, details TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, body TEXT NOT NULL);`)

const one = db.prepare('SELECT * FROM stores WHERE id = ?')
const page = db.prepare('SELECT * FROM stores ORDER BY created_at DESC, id DESC LIMIT 50')
const answered = db.prepare('SELECT body FROM keys WHERE key = ?')
const keep = db.prepare('INSERT INTO keys VALUES (?, ?)')
const insert = db.prepare('INSERT INTO stores VALUES (@id, @name, @plan, @status, @host, @operation, @created_at, @updated_at)')
const turn = db.prepare("UPDATE stores SET status = 'Deleting', updated_at = ? WHERE id = ?")
const remember = db.prepare('INSERT INTO audit (at, store_id, action, details) VALUES (?, ?, ?, ?)')
const logs = db.prepare('SELECT * FROM audit ORDER BY seq LIMIT 50')

const queue = []
const letters = 'bcdfghjklmnpqrstvwxz2456789'
const id = () => 'store-' + Array.from({ length: 6 }, () => letters[Math.floor(Math.random() * letters.length)]).join('')
const view = (row) => ({ ...row, url: `http://${row.host}:8080`, admin_email: 'owner@example.com', labels: {}, deletion_protection: false, generation: 1,
  wanted: { name: row.name, plan: row.plan, chart: null, image: null, replicas: null }, health: { status: 'Unknown', reasons: [], looked_at: null },
  failure: null, shop: null, chart: null, images: {}, previous: null, revision: null, operation: JSON.parse(row.operation) })

const create = db.transaction((body, key) => {
  const known = key && answered.get(key)
  if (known) return known.body
  const at = new Date().toISOString()
  let store = id()
  while (one.get(store)) store = id() // 387 million exist; after some ten thousand two are the same
  const operation = { id: randomUUID(), store_id: store, kind: 'Create', status: 'Queued', generation: 1, attempt: 1, created_at: at, steps: [] }
  const row = { id: store, name: body.name, plan: body.plan ?? 'small', status: 'Queued', host: `${store}.localhost`, operation: JSON.stringify(operation), created_at: at, updated_at: at }
  insert.run(row)
  remember.run(at, store, 'store.create.requested', JSON.stringify({ name: row.name, plan: row.plan }))
  const said = JSON.stringify(view(row))
  if (key) keep.run(key, said)
  queue.push({ kind: 'Create', store })
  return said
})

const app = express()
app.disable('x-powered-by')
app.set('etag', false)
app.use(express.json())
app.post('/stores', (request, response) => {
  if (typeof request.body?.name !== 'string' || request.body.name.length < 1 || request.body.name.length > 60) return response.status(422).json({ code: 'invalid' })
  response.status(202).type('json').send(create.immediate(request.body, request.get('Idempotency-Key')))
})
app.get('/stores', (_, response) => response.json({ items: page.all().map(view) }))
app.get('/stores/audit/logs', (_, response) => response.json({ items: logs.all() }))
app.get('/stores/:id', (request, response) => {
  const row = one.get(request.params.id)
  row ? response.json(view(row)) : response.status(404).json({ code: 'store_not_found' })
})
app.delete('/stores/:id', (request, response) => {
  const at = new Date().toISOString()
  if (turn.run(at, request.params.id).changes === 0) return response.status(404).json({ code: 'store_not_found' })
  remember.run(at, request.params.id, 'store.delete.requested', '{}')
  queue.push({ kind: 'Delete', store: request.params.id })
  response.status(202).json(view(one.get(request.params.id)))
})
app.listen(Number(port), '127.0.0.1')
