"""Networks for echocardiography clips.

``layers`` contains the papers' equations as pure functions, ``blocks`` the modules in the papers' figures, and ``nets``
the complete networks.

Letters in shape comments: ``B`` batch, ``C`` channels, ``H W`` image, ``T`` frames, ``h w`` stride-16 grid, ``L = h *
w`` tokens, ``K`` key channels, ``V`` value channels, ``N`` classes. The number after ``f`` is a stride: ``f8`` is a
feature map at one eighth of the image size.
"""
