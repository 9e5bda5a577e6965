from gdkvm_monai.losses.boundary_aware_loss import BoundaryAwareLoss
from gdkvm_monai.losses.labeled_frames_loss import LabeledFramesLoss

__all__ = ["BoundaryAwareLoss", "LabeledFramesLoss"]
