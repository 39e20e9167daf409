# topica, and nothing else: a static binary in an empty image.
#
#   docker build -t topica .
#   docker run --rm --user "$(id -u)" -v "$PWD:/work" -w /work topica discover --servers broker:9092 -o kafka/
FROM rust:1-slim AS build
WORKDIR /src
COPY . .
RUN scripts/build-static.sh \
 && install -D -m 0755 target/*-unknown-linux-musl/release/topica /out/topica \
 && mkdir /out/package

FROM scratch
COPY --from=build /out/topica /topica
# Nobody in particular: topica needs no user database, only a number that is not root's, and a directory of its own.
COPY --from=build --chown=65534:65534 /out/package /package
WORKDIR /package
USER 65534:65534
ENTRYPOINT ["/topica"]
