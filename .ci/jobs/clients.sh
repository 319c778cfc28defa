# A client in each supported language: generated, built and run against a server.
heading 'npm run conformance'
npm run conformance -- --strict
