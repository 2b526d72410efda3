# One image for every role; the command chooses: bot, gateway or worker. Not built on a machine without Docker: see README, "What is not proven".
FROM node:24-bookworm-slim AS libraries
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY prisma ./prisma
COPY src ./src
RUN PRISMA_SCHEMA_ENGINE_BINARY=$(command -v node) npx prisma generate --no-hints \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/@node-llama-cpp/linux-x64-cuda* node_modules/@node-llama-cpp/linux-x64-vulkan \
           node_modules/@fugood/node-whisper-linux-x64-cuda node_modules/@fugood/node-whisper-linux-x64-vulkan

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV CHRYSALIS_DATA=/data CHRYSALIS_MODELS=/models
COPY --from=libraries /app/node_modules ./node_modules
COPY --from=libraries /app/prisma ./prisma
COPY --from=libraries /app/src ./src
COPY package.json ./
RUN useradd --system --uid 10001 chrysalis && mkdir -p /data /models && chown chrysalis /data /models
USER chrysalis
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "src/cli.ts"]
