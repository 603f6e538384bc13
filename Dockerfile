# All commands of the kit; mock-engine unless another is named: docker run engine-contract check-engine URL …
FROM python:3.13-slim
WORKDIR /kit

# First the dependencies, each with its hash: they change less often than the kit.
COPY requirements-hashed.txt ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-hashed.txt
COPY . .
RUN PIP_CONSTRAINT=constraints.txt python -m pip install --no-cache-dir --no-deps .

# No user of the system: the kit needs neither a home nor a place to write.
USER 10001:10001
WORKDIR /work
ENV MOCK_ENGINE_HOST=0.0.0.0 WATCH_ENGINE_HOST=0.0.0.0
EXPOSE 4010 4011
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:4010/_mock/health', timeout=2)"]
CMD ["mock-engine"]
