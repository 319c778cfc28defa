import { defineConfig } from '@hey-api/openapi-ts'

export default defineConfig({
  input: '../../../openapi/openapi.json',
  output: { path: 'hey-api/generated', module: { extension: '.js' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk']
})
