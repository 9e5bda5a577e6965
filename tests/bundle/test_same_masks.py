"""One network, every kind of clip: the same masks to the last bit, whichever way leads to them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.transforms import SaveImaged

import gdkvm_monai
from gdkvm_monai.configs.errors import explain
from gdkvm_monai.data import open_clip
from gdkvm_monai.data.geometry import region_slices
from gdkvm_monai.data.intensity import GrayScale, measure_gray_scale
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline
from tests.data.clip_files import write_frames
from tests.study.tiny_command import QUICK, SMALL, gdkvm, write_tiny_weights

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "bundle" / "configs"
SHAPE = (48, 40, 5)
BLACK, BROKEN = 2, 3  # frames
AFFINE = np.diag([-0.3, -0.2, 1.0, 1.0])


def clip() -> np.ndarray:
    """Gray levels of a moving blob in noise, ``(H, W, T)``."""
    x, y, t = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
    blob = 180 * np.exp(-((x - 20 - 2 * t) ** 2 + (y - 18) ** 2) / 90)
    return np.clip(blob + np.random.default_rng(0).uniform(0, 70, SHAPE), 0, 255).astype(np.uint8)


def deep() -> np.ndarray:
    return clip().astype(np.int16) * 12 - 700


def with_value(value: float, frame: int = BROKEN) -> np.ndarray:
    """A clip of 0 to 1 in which one pixel has another value."""
    pixels = clip() / np.float32(255)
    pixels[9, 9, frame] = value
    return pixels


def sector() -> np.ndarray:
    """Nothing outside the sector, and one frame without anything."""
    pixels = clip().astype(np.float32) * 7
    x, y = np.meshgrid(*map(np.arange, SHAPE[:2]), indexing="ij")
    pixels[abs(x - 24) > y + 8] = np.nan
    pixels[..., BLACK] = np.nan
    return pixels


def nifti(path: Path, pixels: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(pixels, AFFINE), path)


def metaimage(path: Path, pixels: np.ndarray) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ascontiguousarray(pixels.T)), str(path))


def dicom(path: Path, pixels: np.ndarray, photometric: str = "MONOCHROME2", box=None, color: bool = False) -> None:
    """An ultrasound file; a region makes its place known, a palette turns gray round."""
    files = pytest.importorskip("tests.data.dicom_files")
    frames, attributes = pixels.transpose(2, 1, 0), {}
    if box:
        attributes["SequenceOfUltrasoundRegions"] = [files.region(box)]
    if photometric == "PALETTE COLOR":
        for name in ("Red", "Green", "Blue"):
            attributes[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
            attributes[f"{name}PaletteColorLookupTableData"] = np.arange(256)[::-1].astype("u1").tobytes()
    files.save(path, files.colored(frames) if color else frames, photometric, None, attributes)


def avi(path: Path, pixels: np.ndarray) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SHAPE[:2], "yuvj420p"
        for frame in pixels.transpose(2, 1, 0):
            picture = np.ascontiguousarray(np.repeat(frame[..., None], 3, axis=-1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def black() -> np.ndarray:
    pixels = clip()
    pixels[..., BLACK] = 0
    return pixels


INSIDE = (6, 4, 41, 35)  # first column and row, last column and row
KINDS = {
    "gray8.nii.gz": lambda path: nifti(path, clip()),
    "gray16.nii.gz": lambda path: nifti(path, deep()),
    "float.nii": lambda path: nifti(path, clip() / np.float32(255)),
    "slow.nii.gz": lambda path: nifti(path, clip()[..., None].swapaxes(2, 3)),
    "meta.mha": lambda path: metaimage(path, clip()),
    "meta16.mhd": lambda path: metaimage(path, deep()),
    "plain.dcm": lambda path: dicom(path, clip()),
    "region.dcm": lambda path: dicom(path, clip(), box=INSIDE),
    "region16.dcm": lambda path: dicom(path, deep(), box=INSIDE),
    "inverted.dcm": lambda path: dicom(path, clip(), "MONOCHROME1"),
    "rgb.dcm": lambda path: dicom(path, clip(), "RGB", box=INSIDE, color=True),
    "palette.dcm": lambda path: dicom(path, clip(), "PALETTE COLOR"),
    "video.avi": lambda path: avi(path, clip()),
    "frames": lambda path: write_frames(path, clip()),
    "frames16": lambda path: write_frames(path, (deep() + 700).astype(np.uint16)),
    "array.npy": lambda path: np.save(path, clip().astype(np.float64) * 1e3),
    "black.nii.gz": lambda path: nifti(path, black()),
    "black16.dcm": lambda path: dicom(path, black().astype(np.int16) * 12 - 700, box=INSIDE),
    "nan.nii.gz": lambda path: nifti(path, with_value(np.nan)),
    "infinite.npy": lambda path: np.save(path, with_value(-np.inf)),
    "first.npy": lambda path: np.save(path, with_value(np.nan, 0)),
    "sector.nii.gz": lambda path: nifti(path, sector()),
    "nothing.nii.gz": lambda path: nifti(path, np.full(SHAPE, 9, np.int16)),
    "one.nii.gz": lambda path: nifti(path, clip()[..., :1]),
    "one16.mhd": lambda path: metaimage(path, deep()[..., :1]),
    "dark.nii.gz": lambda path: nifti(path, clip() // 100),
    "dark8.npy": lambda path: np.save(path, clip() // 100),
    "binary.nii.gz": lambda path: nifti(path, clip() // 128),
    "binary8.npy": lambda path: np.save(path, clip() // 128),
}
"""Names of files and how they are written."""
INVALID = {"black": [BLACK], "nan": [BROKEN], "infinite": [BROKEN], "first": [0], "sector": [BLACK]}
INVALID |= {"black16": [BLACK], "nothing": list(range(SHAPE[2]))}


def shape(name: str) -> tuple[int, int, int]:
    return (*SHAPE[:2], 1) if name.startswith("one") else SHAPE


def stem(name: str) -> str:
    return name.split(".")[0]


def run(kind: str, run_id: str, files: list[str], **options) -> None:
    """Run configs of the bundle in this process."""
    workflow = ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in files],
        meta_file=str(CONFIGS / "metadata.json"),
        logging_file=False,
        workflow_type=kind,
        run_id=run_id,
        bundle_root=str(ROOT / "bundle"),
        device="$torch.device('cpu')",
        **options,
    )
    workflow.initialize()
    workflow.run()
    workflow.finalize()


def masks_of(folder: Path) -> dict[str, np.ndarray]:
    """Masks that ``SaveImaged`` wrote, by the stem of their clip."""
    return {path.name.removesuffix("_seg.nii.gz"): np.asarray(nibabel.load(path).dataobj) for path in folder.glob("*")}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Weights of an untrained small network with their card."""
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def pipeline(weights) -> Pipeline:
    return load_pipeline(weights, device="cpu")


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """A folder with a clip of every kind."""
    folder = tmp_path_factory.mktemp("clips")
    for name, write in KINDS.items():
        write(folder / name)
    return folder


@pytest.fixture(scope="module")
def inferred(clips, weights, tmp_path_factory) -> dict[str, np.ndarray]:
    """Masks of the bundle's inference, which has nothing but the weights to go by."""
    out = tmp_path_factory.mktemp("inferred")
    run(
        "inference",
        "inference",
        ["inference.json"],
        dataset_dir=str(clips),
        output_dir=str(out),
        checkpoint=str(weights),
    )
    return masks_of(out)


@pytest.fixture(scope="module")
def evaluated(clips, weights, tmp_path_factory) -> dict[str, np.ndarray]:
    """Masks of the bundle's evaluation, for which a dummy label is drawn."""
    out = tmp_path_factory.mktemp("evaluated")
    items = []
    for name in KINDS:
        label, path = np.zeros(shape(name), np.uint8), out / f"{name}_label.nii.gz"
        label[10:30, 10:30] = 1
        nifti(path, label)
        items.append({"image": str(clips / name), "label": str(path), "patient": name, "view": "4CH"})
    options = {"validate#datalist": items, "num_frames": 0, "labeled_frames": None, "save_masks": True}
    files = ["train.json", "evaluate.json"]
    run("train", "evaluating", files, dataset_dir=str(clips), output_dir=str(out), checkpoint=str(weights), **options)
    with open(out / "per_frame.csv") as file:
        assert {row["patient"] for row in csv.DictReader(file)} == set(KINDS)
    return masks_of(out / "masks")


@pytest.fixture(scope="module")
def commanded(clips, weights, tmp_path_factory) -> dict[str, np.ndarray]:
    """Masks of the ``gdkvm`` command."""
    out = tmp_path_factory.mktemp("commanded")
    assert gdkvm(clips, "-o", out, "--weights", weights, "--device", "cpu", "--map", out / "map.csv", *QUICK) == 0
    with open(out / "map.csv") as file:
        folders = {stem(Path(row["path"]).name): out / row["id"] for row in csv.DictReader(file)}
    return {name: np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def labeled(clips, weights) -> Callable[[str], np.ndarray]:
    """The mask of a clip as MONAI Label comes to it: its own network, the transforms one by one, the inferer."""
    config = ConfigParser.load_config_file(str(CONFIGS / "inference.json"))
    config["network_def"].update(GDKVM(**SMALL).options)
    parser = ConfigParser({**config, "device": "cpu", "checkpoint": str(weights), "frame_size": [32, 32]})
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(torch.load(weights, weights_only=True), strict=False)
    before, after = (parser.get_parsed_content(f"{name}processing").transforms for name in ("pre", "post"))
    infer = parser.get_parsed_content("inferer")

    def mask(name: str) -> np.ndarray:
        item = {"image": str(clips / name), "image_path": str(clips / name), "device": "cpu"}
        for transform in before:
            item = transform(item)
        with torch.no_grad():
            item["pred"] = infer(item["image"][None], network)[0]
        for transform in after:
            item = item if isinstance(transform, SaveImaged) else transform(item)
        return item["pred"][0].numpy()

    return mask


@pytest.mark.parametrize("name", KINDS)
def test_every_way_gives_the_same_mask(name, clips, pipeline, inferred, evaluated, commanded, labeled):
    expected = inferred[stem(name)]
    assert expected.shape == shape(name) and expected.dtype == np.uint8
    valid = [frame for frame in range(expected.shape[2]) if frame not in INVALID.get(stem(name), [])]
    assert all(len(np.unique(expected[..., frame])) > 1 for frame in valid)
    assert not np.delete(expected, valid, axis=-1).any()
    for masks in (evaluated, commanded):
        np.testing.assert_array_equal(masks[stem(name)], expected)
    segmented = gdkvm_monai.segment(clips / name, pipeline=pipeline, fast=True)
    np.testing.assert_array_equal(segmented.mask, expected)
    np.testing.assert_array_equal(streamed(clips / name, pipeline), expected)
    np.testing.assert_array_equal(labeled(name), expected)


def streamed(path: Path, pipeline: Pipeline) -> np.ndarray:
    """Masks of a session that knows the clip's gray scale and region."""
    frames = list(open_clip(path))
    region = open_clip(path).meta.get("region")
    scale = measure_gray_scale([frame[region_slices(region, frame.shape)] for frame in frames])
    session = pipeline.session(gray_scale=scale, region=region)
    return np.stack([session.push(frame) for frame in frames], axis=-1)


def test_outside_the_region_there_is_background_and_the_region_makes_a_difference(inferred):
    x0, y0, x1, y1 = INSIDE
    for name in ("region", "region16", "rgb"):
        inside = np.zeros(SHAPE, bool)
        inside[x0 : x1 + 1, y0 : y1 + 1] = True
        assert not inferred[name][~inside].any() and inferred[name][inside].any()
    assert (inferred["region"] != inferred["plain"]).any()


def test_files_that_hold_the_same_picture_have_the_same_mask(inferred):
    for name in ("meta", "plain", "frames", "slow"):
        np.testing.assert_array_equal(inferred[name], inferred["gray8"])
    for name in ("meta16", "frames16"):
        np.testing.assert_array_equal(inferred[name], inferred["gray16"])
    np.testing.assert_array_equal(inferred["inverted"], inferred["palette"])


def test_what_lies_outside_the_sector_is_black(pipeline):
    """A clip that holds black instead of NaN there has the same masks, when it is scaled alike."""
    pixels = np.delete(sector(), BLACK, axis=-1)
    scale = measure_gray_scale(list(np.moveaxis(pixels, -1, 0)))
    assert scale.outside.any() and scale.is_scaled
    gray = np.stack([scale.apply(frame) for frame in np.moveaxis(pixels, -1, 0)])
    session = pipeline.session(gray_scale=GrayScale())
    masks = np.stack([session.push(frame) for frame in gray], axis=-1)
    np.testing.assert_array_equal(gdkvm_monai.segment(pixels, pipeline=pipeline, fast=True).mask, masks)


def test_without_a_card_the_config_describes_the_network(clips, weights, inferred, tmp_path):
    shutil.copy(weights, tmp_path / "moved.pt")
    options = {f"network_def#{name}": value for name, value in GDKVM(**SMALL).options.items()}
    options |= {"frame_size": [32, 32]}
    folders = {"moved": tmp_path / "moved.pt", "ignored": weights}
    for name, checkpoint in folders.items():
        given = {"checkpoint": str(checkpoint), "output_dir": str(tmp_path / name), "use_card": name == "moved"}
        run("inference", "inference", ["inference.json"], dataset_dir=str(clips / "gray8.nii.gz"), **given, **options)
        np.testing.assert_array_equal(masks_of(tmp_path / name)["gray8"], inferred["gray8"])


@pytest.fixture(scope="module")
def training(clips) -> Callable[[str], dict]:
    """Training's preparation of a clip."""
    label = clips.parent / "label.nii.gz"
    nifti(label, (clip() > 150).astype(np.uint8))
    config = ConfigParser.load_config_file(str(CONFIGS / "train.json"))
    parser = ConfigParser({**config, "frame_size": [32, 32], "num_frames": 0, "labeled_frames": None})
    prepare = parser.get_parsed_content("train#preprocessing")
    return lambda name: prepare({"image": str(clips / name), "label": str(label)})


@pytest.mark.parametrize("name", ["nan.nii.gz", "infinite.npy", "sector.nii.gz"])
def test_training_refuses_a_frame_that_is_not_finite_by_the_name_of_its_file(name, training):
    with pytest.raises(RuntimeError) as error:
        training(name)
    assert name in explain(error.value) and "1 of 5 frames to train on" in explain(error.value)


@pytest.mark.parametrize("name", ["black.nii.gz", "region16.dcm", "frames16"])
def test_training_sees_the_crop_and_the_gray_levels_of_inference(name, training):
    item = training(name)
    assert item["image"].shape == item["label"].shape == (1, 32, 32, 5)
    assert (
        item["image"].isfinite().all() and item["image"].max() > 0.5 and {0, 1} <= set(item["label"].unique().tolist())
    )


def test_nan_outside_the_sector_is_background_in_training(clips, training):
    nifti(clips.parent / "sector_only.nii.gz", np.delete(sector(), BLACK, axis=-1)[..., [0, 0, 1, 2, 3]])
    image = training(clips.parent / "sector_only.nii.gz")["image"]
    assert image.isfinite().all() and not image.amax(dim=-1).min()
