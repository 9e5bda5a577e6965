"""GDKVM for MONAI: echocardiography clips in; masks, scores and an ejection fraction out.

Only what MONAI lacks lives here, under MONAI's own subpackage names: ``data``, ``transforms``, ``networks``,
``losses``, ``metrics``, ``handlers``, ``visualize`` and ``apps``. What one runs are the configs in ``bundle/``.
"""

__version__ = "0.1.0"


def __getattr__(name: str):
    if name == "segment":  # on demand, because it loads torch and MONAI
        from gdkvm_monai.study.segmentation import segment

        return segment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
