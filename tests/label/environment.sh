#!/usr/bin/env bash
# environment.sh [DIR]   Make a virtual environment on the CPU that runs a MONAI Label 0.8.5 server (Python 3.10 or 3.11).
# "pip install monailabel" resolves to CUDA builds, sam2 and mlflow, and to a pydicom that monailabel 0.8.5 cannot import
# (MONAILabel#1841). This is the smallest set that serves and trains a bundle, also on DICOMweb, and runs tests/label.
set -euo pipefail
dir=${1:-.venv-label}
"${LABEL_PYTHON:-python3.11}" -m venv "$dir"
pip() { "$dir/bin/python" -m pip install --quiet "$@"; }
pip torch==2.13.0
# the bundle's packages; what monailabel imports, pinned where pydicom-seg demands it; DICOM, and dcmqi, which monailabel
# downloads at the start on DICOMweb if it is not on the path; the tests'
pip monai==1.6.1 nibabel pandas pytorch-ignite scikit-image scipy SimpleITK matplotlib pyyaml fire tqdm psutil \
    itk-io pynrrd shapely uvicorn fastapi pydantic pydantic-settings python-dotenv python-multipart requests \
    requests-toolbelt schedule timeloop expiring_dict cachetools watchdog filelock google-auth girder-client \
    passlib bcrypt pyjwt 'jsonschema<4' 'dicomweb-client[gcp]>=0.61' 'pydicom>=3.0.2' pyjpegls pylibjpeg \
    pylibjpeg-openjpeg dcmqi==1.5.7 pytest isort
pip --no-deps monailabel==0.8.5 pydicom-seg==0.4.1 torchvision==0.28.0 -e "$(dirname "$0")/../.."
# pydicom 3 has moved the one name that pydicom-seg imports from a private module (pydicom-seg#60).
sed -i 's/from pydicom._storage_sopclass_uids import/from pydicom.uid import/' "$dir"/lib/python3*/site-packages/pydicom_seg/*.py
# Beside a CPU build of torch, the CUDA wheel of torchvision cannot load its operators, and its import then fails on
# their missing schemas. MONAI Label needs torchvision.utils only, so declaring the schemas is enough.
"$dir/bin/python" - <<'PYTHON'
import importlib.util
from pathlib import Path

path = Path(importlib.util.find_spec("torchvision").submodule_search_locations[0]) / "extension.py"
if "_cpu_library" not in path.read_text():
    with open(path, "a") as file:
        file.write('''

if not _has_ops():
    _cpu_library = torch.library.Library("torchvision", "FRAGMENT")
    _cpu_library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _cpu_library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
''')
PYTHON
"$dir/bin/python" -W ignore -c "import monailabel.app"
