# The gdkvm command with the released weights, for a machine without a network; see docs/tutorials/container.md.
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS build
# PyTorch for the CPU. For CUDA, give https://pypi.org/simple, whose wheels bring the CUDA libraries.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /source
COPY constraints.txt ./
RUN python -m venv /opt/gdkvm \
    && /opt/gdkvm/bin/pip install --quiet --no-deps --index-url "$TORCH_INDEX" torch==2.13.0
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY gdkvm_monai gdkvm_monai
COPY bundle bundle
RUN /opt/gdkvm/bin/pip install --quiet -c constraints.txt ".[dicom,video,engines,archive]"

FROM ${PYTHON}
LABEL org.opencontainers.image.title="GDKVM for MONAI" \
      org.opencontainers.image.description="Echocardiography video segmentation. Research use only, not a medical device." \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-SA-4.0"
COPY --from=build /opt/gdkvm /opt/gdkvm
# The root may be read-only: whatever is written besides the results goes to /tmp.
ENV PATH=/opt/gdkvm/bin:$PATH \
    HOME=/tmp \
    TMPDIR=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    GDKVM_CACHE=/tmp/gdkvm \
    MPLCONFIGDIR=/tmp/matplotlib \
    TORCH_HOME=/tmp/torch \
    TORCHINDUCTOR_CACHE_DIR=/tmp/inductor \
    TRITON_HOME=/tmp/triton \
    USER=gdkvm \
    PYTHONDONTWRITEBYTECODE=1
# A number, so that an orchestrator can tell that it is not root; PyTorch asks for a name, which USER gives above.
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["gdkvm"]
CMD ["--help"]
