from gdkvm_monai.losses.labeled_frames_loss import LabeledFramesLoss

__all__ = ["LabeledFramesLoss"]
