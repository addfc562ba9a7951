FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

COPY ormconfig.ts ./
# The commands name each other as `npx hookledger …`, and npx sets the mode of this file: that takes its owner.
COPY --chown=node bin bin
RUN ln -s /app/bin/hookledger.js /usr/local/bin/hookledger
COPY migrations migrations
COPY src src

USER node
EXPOSE 3000
# The sources run as they are: Node 24 strips the types.
CMD ["node", "src/cli/main.ts", "start"]
