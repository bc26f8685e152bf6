# syntax=docker/dockerfile:1

# The pages, and the binary with them inside, are built on the builder's own architecture; the C compiler for SQLite
# crosses to the target's: docker buildx build --platform linux/amd64,linux/arm64 .
FROM --platform=$BUILDPLATFORM node:22-alpine AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM --platform=$BUILDPLATFORM tonistiigi/xx:1.6.1 AS xx

FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
COPY --from=xx / /
RUN apk add --no-cache clang lld
ARG TARGETPLATFORM
RUN xx-apk add --no-cache gcc musl-dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
ARG VERSION=dev COMMIT=unknown DATE=1970-01-01T00:00:00Z
RUN CGO_ENABLED=1 xx-go build -trimpath -buildvcs=false -tags netgo,osusergo,sqlite_omit_load_extension \
      -ldflags "-s -w -linkmode external -extldflags -static -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /out/usr/local/bin/staff-control . \
  && xx-verify --static /out/usr/local/bin/staff-control \
  && mkdir -p /out/var/lib/staff-control

# No shell, no package manager: certificates, time zones and a user without rights are all that it adds.
FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=dev COMMIT=unknown DATE=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="staff-control" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE" \
      org.opencontainers.image.source="https://github.com/staff-control/staff-control" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build --chown=65532:65532 /out/var/lib/staff-control /var/lib/staff-control
COPY --from=build /out/usr/local/bin/staff-control /usr/local/bin/staff-control
# Settings of the environment reach the server and its health check alike; command-line flags would only reach one.
ENV STAFF_ROLE=all STAFF_DATA=/var/lib/staff-control
VOLUME /var/lib/staff-control
EXPOSE 3000 3001 3003
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/staff-control", "health"]
ENTRYPOINT ["/usr/local/bin/staff-control"]
