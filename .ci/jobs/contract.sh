# Static checks, the contract against its linters, its release and a running server, and the short benchmark.
start_postgres

heading 'npm run check (lint, types, dead code, contract, migrations)'
npm run check

heading 'npm run lint:contract (OpenAPI schema, Redocly, Spectral with OWASP)'
npm run lint:contract

heading 'npm run breaking (against the released contract)'
npm run breaking

heading 'npm run fuzz (Schemathesis, fixed seed)'
TEST_DATABASE_URL=$postgres_url npm run fuzz

heading 'npm run postman (the collection, by newman)'
TEST_DATABASE_URL=$postgres_url npm run postman

heading 'npm run bench (the short form; only a cost of more than twice the accepted one fails)'
# In a folder of its own, so that nothing depends on what an earlier run has left.
TMPDIR=$box npm run bench -- --short --compare bench/accepted-short.json --out "$box/bench"
