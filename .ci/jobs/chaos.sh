# Failures during traffic, after which no confirmed write may be lost. Has a PostgreSQL and a Redis of its own, since it
# stops, freezes and kills them.
heading 'npm run chaos'
npm run chaos
