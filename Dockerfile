# syntax=docker/dockerfile:1
# docker build -t mnclassify . && docker run --rm -v "$PWD:/images:ro" mnclassify photos/
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# The sources are mounted and not copied, so that no layer keeps them.
RUN --mount=type=bind,target=/source \
    cp -r /source /tmp/source \
    && pip install --no-cache-dir '/tmp/source[parquet,remote]' \
    && rm -rf /tmp/source \
    && useradd --uid 10001 --create-home mnclassify \
    && install --directory --owner=mnclassify /var/lib/mnclassify

# The model that is in the image is the one that is used, unless -m names another.
ENV MNCLASSIFY_HOME=/var/lib/mnclassify \
    MNCLASSIFY_MODEL=efficientnet_lite0

USER 10001
RUN mnclassify models pull efficientnet_lite0 --kind both

WORKDIR /images
ENTRYPOINT ["mnclassify"]
CMD ["--help"]
