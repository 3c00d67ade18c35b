# syntax=docker/dockerfile:1

# The executable and what it needs: glibc, certificates, time zones. It runs as nobody in particular, and on a file
# system that is read-only. The build takes the executables of both processors from dist/:
#
#   deno task compile --target x86_64-unknown-linux-gnu --output dist/linux-amd64/delembic
#   deno task compile --target aarch64-unknown-linux-gnu --output dist/linux-arm64/delembic
#   docker buildx build --platform linux/amd64,linux/arm64 .

FROM gcr.io/distroless/cc-debian12:nonroot

ARG TARGETARCH

LABEL org.opencontainers.image.title="Delembic" \
      org.opencontainers.image.description="Data migrations that belong to an Alembic schema" \
      org.opencontainers.image.source="https://github.com/delembic/delembic" \
      org.opencontainers.image.licenses="MIT"

COPY --chmod=0755 dist/linux-${TARGETARCH}/delembic /usr/local/bin/delembic
COPY --chmod=0644 LICENSE /usr/share/doc/delembic/LICENSE

# of distroless's nonroot; any other one will do as well
USER 65532:65532
WORKDIR /app

# it runs to its end: there is nothing whose health could be asked for
HEALTHCHECK NONE

ENTRYPOINT ["/usr/local/bin/delembic"]
CMD ["--help"]
