# The image of Tasklane: Node runs the sources as they are, there is nothing to compile.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: argon2 brings its binaries along, and the npm package `node`, which brings Node 24 to a host with
# another one, stays an empty shell. The image has one Node, its own.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node
COPY LICENSE ./
COPY drizzle ./drizzle
COPY src ./src
# Readable to everyone, writable to root alone, whatever the umask of the checkout was.
RUN chmod -R u=rwX,go=rX .

FROM node:24-bookworm-slim
# HOST is every address of the container: what is reached from outside is decided where its ports are published.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
# Only for trying out with NODE_ENV=development and a volume on /data: production keeps nothing beside the database.
RUN install -d -o node -g node -m 700 /data
COPY --from=build /app ./
# The user `node`, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 3000
# Alive, not ready: a restart would not mend a database that is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: signals reach Node. Other commands: docker run … migrate, create-admin.
ENTRYPOINT ["node", "--max-semi-space-size=32", "src/cli.ts"]
CMD ["serve"]
