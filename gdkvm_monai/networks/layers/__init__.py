from gdkvm_monai.networks.layers.effective_rank import effective_rank
from gdkvm_monai.networks.layers.gated_delta_rule import (
    KEY_NORMS,
    UPDATE_RULES,
    gated_delta_update,
    normalize_keys,
    read_memory,
    update_memory,
)
from gdkvm_monai.networks.layers.group_norm import group_norm
from gdkvm_monai.networks.layers.linear_recurrence import linear_recurrence
from gdkvm_monai.networks.layers.mask_edges import mask_edges
from gdkvm_monai.networks.layers.newton_schulz import orthogonalize
from gdkvm_monai.networks.layers.selective_scan import SCANS, selective_scan
from gdkvm_monai.networks.layers.softmax_matching import softmax_matching
from gdkvm_monai.networks.layers.strided_pointwise import StridedPointwiseConv2d, select_before_pointwise

__all__ = [
    "KEY_NORMS",
    "SCANS",
    "StridedPointwiseConv2d",
    "UPDATE_RULES",
    "effective_rank",
    "gated_delta_update",
    "group_norm",
    "linear_recurrence",
    "mask_edges",
    "normalize_keys",
    "orthogonalize",
    "read_memory",
    "select_before_pointwise",
    "selective_scan",
    "softmax_matching",
    "update_memory",
]
