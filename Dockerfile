# The image of Tasklane. Node runs the sources as they are; there is no build. The base image is named by tag, not by
# digest, so that each build has the security fixes of its system.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Install scripts are not needed: argon2 ships its binaries. The npm package `node`, which installs Node 24 on hosts, is
# removed, because the image has its own Node.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node
COPY LICENSE ./
COPY drizzle ./drizzle
COPY src ./src
# Readable by everyone, writable by root only, whatever the umask of the checkout was.
RUN chmod -R u=rwX,go=rX .

FROM node:24-bookworm-slim
# Listens on every IP address of the container. Which ports are reachable is decided where they are published.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
# For evaluation with NODE_ENV=development and a volume on /data. In production nothing is written here.
RUN install -d -o node -g node -m 700 /data
COPY --from=build /app ./
# The user `node`, by number, so that an orchestrator can verify that it is not root.
USER 1000:1000
EXPOSE 3000
# Checks liveness, not readiness: a restart does not repair a database that is down.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 CMD [ \
  "node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((it) => process.exit(it.ok ? 0 : 1))" \
]
# No shell and no npm in between, so that signals reach Node. Other commands: docker run … migrate, worker,
# create-admin.
ENTRYPOINT ["node", "--max-semi-space-size=32", "src/cli.ts"]
CMD ["serve"]
