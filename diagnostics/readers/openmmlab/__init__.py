"""The OpenMMLab tools."""
