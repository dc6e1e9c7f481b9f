# One image for serve, worker and demo. Built in two stages; runs as nobody in particular, and needs only its state directory.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY scripts scripts
COPY planner planner
COPY commands commands
COPY integrations integrations
COPY bot bot
RUN python -m venv /opt/rollbot \
 && python -c "print(open('constraints.txt').read().split('# Only for tests and checks:')[0])" > run.txt \
 && /opt/rollbot/bin/pip install --no-cache-dir --quiet --require-hashes -r run.txt \
 && /opt/rollbot/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation . \
 && /opt/rollbot/bin/pip uninstall --quiet --yes hatchling editables pip

FROM python:3.12-slim
COPY --from=build /opt/rollbot /opt/rollbot
ENV PATH=/opt/rollbot/bin:$PATH PYTHONUNBUFFERED=1 ROLLBOT_STATE_DIR=/state ROLLBOT_OPS_PORT=8080 ROLLBOT_OPS_HOST=0.0.0.0 ROLLBOT_HTTP_HOST=0.0.0.0
RUN useradd --uid 10001 --no-create-home rollbot && install -d -o rollbot /state
USER rollbot
VOLUME /state
EXPOSE 3000 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["rollbot", "healthcheck"]
ENTRYPOINT ["rollbot"]
CMD ["serve"]
