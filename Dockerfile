# syntax=docker/dockerfile:1

# One image for both programs: the API (the default command) and the worker (`node dist/worker.js`).
# Debian, because Temporal's native client needs glibc.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN node -e "import('./scripts/setup.mjs').then(({ install }) => install())"
COPY tsconfig.json tsconfig.build.json worker.ts ./
COPY src ./src
RUN npm run build


FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The native client comes for five platforms, 25 MB each; the image runs on one.
RUN npm ci --omit=dev \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +


FROM node:24.21.0-bookworm-slim
# The slim image has no root certificates, and TLS to Temporal and to every adapter needs them.
# They are not pinned: the newest ones are wanted.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /var/lib/hotfix

ENV NODE_ENV=production \
    HOTFIX_CONFIG=/etc/hotfix/hotfix.yaml \
    HOTFIX_DATA=/var/lib/hotfix
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY deploy/docker/healthcheck.mjs ./

USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs"]
CMD ["node", "dist/src/api/server.js"]
