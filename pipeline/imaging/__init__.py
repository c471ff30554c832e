"""A convolutional network reads the images beside the records and tells a finding, and where it sees it.

The only room that imports torch, MONAI and safetensors, all of the optional extra `imaging`; its modules, but for
`examples` and `findings`, are imported only where a cohort has images.
"""
