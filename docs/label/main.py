"""A MONAI Label app for echo clips: bundles on local studies, as the stock bundle app, and on a DICOMweb archive."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import SimpleITK
from monailabel.config import settings
from monailabel.datastore.local import LocalDatastore
from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.datastore import DefaultLabelTag
from monailabel.tasks.activelearning.first import First
from monailabel.tasks.activelearning.random import Random
from monailabel.tasks.infer.bundle import BundleInferTask
from monailabel.tasks.train.bundle import BundleTrainTask
from monailabel.utils.others.generic import get_bundle_models, strtobool

from gdkvm_monai.archive.dicomweb import DicomWebArchive
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation

CACHE = Path.home() / ".cache" / "gdkvm" / "monai_label"


class ArchivedClips(LocalDatastore):
    """The ultrasound clips of a DICOMweb archive; final labels are stored in their studies as DICOM Segmentations.

    MONAI Label's own DICOMweb datastore converts clips to NIfTI, without their regions and spacing and with color as a
    fifth axis, and calls dcmqi for segmentations, which refuses clips without patient geometry. Here the bundle reads
    the DICOM file itself, and the package writes the segmentation.

    The identifier of a clip is its SOP Instance UID. Labels to train on are those that were saved through this server.

    Args:
        url: address of the DICOMweb service; :class:`DicomWebArchive` reads the credentials from the environment.
        cache: folder for clips and labels, which contain patient data.
    """

    def __init__(self, url: str, cache: Path) -> None:
        self._archive = DicomWebArchive(url)
        super().__init__(str(cache / sha256(url.encode()).hexdigest()[:16]))

    def _to_id(self, file: str) -> tuple[str, str]:
        stem, suffix = os.path.splitext(file)  # a UID has many dots
        return (stem, suffix) if suffix == ".dcm" else super()._to_id(file)

    def list_images(self) -> list[str]:
        """Return the identifiers of the clips in the archive."""
        return [clip.instance for clip in self._archive.clips()]

    def get_unlabeled_images(self, label_tag: str | None = None, labels: list[str] | None = None) -> list[str]:
        """Return the identifiers of the clips without a final label of this server."""
        return sorted(set(self.list_images()) - set(self.get_labeled_images()))

    def get_image_uri(self, image_id: str) -> str:
        """Return the path of a clip, which is retrieved once."""
        if not super().get_image_uri(image_id):
            clip = next((clip for clip in self._archive.clips() if clip.instance == image_id), None)
            if clip is None:
                raise ValueError(f"image is {image_id}, expected the SOP Instance UID of a clip in the archive.")
            with TemporaryDirectory() as folder:
                path = Path(folder) / f"{image_id}.dcm"
                path.write_bytes(self._archive.retrieve(clip))
                self.add_image(image_id, str(path), {"StudyInstanceUID": clip.study, "SeriesInstanceUID": clip.series})
        return super().get_image_uri(image_id)

    def save_label(self, image_id: str, label_filename: str, label_tag: str, label_info: dict) -> str:
        """Save a label, and store it in the archive if it is final."""
        clip = self.get_image_uri(image_id)
        if label_tag == DefaultLabelTag.FINAL:
            frames = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(label_filename))  # (T, depth, lateral)
            edited = "model" not in label_info  # the server names the model whose masks it saves
            with TemporaryDirectory() as folder:
                path = Path(folder) / "segmentation.dcm"
                write_dicom_segmentation(path, clip, (frame.T for frame in frames), edited=edited)
                self._archive.store([path])
        return super().save_label(image_id, label_filename, label_tag, label_info)


class EchoApp(MONAILabelApp):
    """Inference and training with the bundles in ``model``."""

    def __init__(self, app_dir: str, studies: str, conf: Mapping[str, str]) -> None:
        self.models = get_bundle_models(app_dir, conf)
        super().__init__(app_dir, studies, conf, name="Echocardiography", description="Echocardiography bundles")

    def _init_dicomweb_datastore(self) -> ArchivedClips:
        return ArchivedClips(self.studies, Path(settings.MONAI_LABEL_DICOMWEB_CACHE_PATH or CACHE))

    def init_infers(self) -> dict:
        """Return the inference task of every bundle."""
        return {name: BundleInferTask(path, self.conf) for name, path in self.models.items()}

    def init_trainers(self) -> dict:
        """Return the training task of every bundle that has one."""
        if strtobool(self.conf.get("skip_trainers", "false")):
            return {}
        tasks = {name: BundleTrainTask(path, self.conf) for name, path in self.models.items()}
        return {name: task for name, task in tasks.items() if task.is_valid()}

    def init_strategies(self) -> dict:
        """Return the orders in which clips are offered for annotation."""
        return {"random": Random(), "first": First()}

    def infer(self, request: dict, datastore: LocalDatastore | None = None) -> dict:
        """Segment a clip; the mask is NIfTI by default, because MONAI Label would write it in the clip's format."""
        return super().infer({"result_extension": ".nii.gz", **request}, datastore)
