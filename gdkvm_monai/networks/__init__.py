"""Networks for echocardiography clips.

``layers`` holds the papers' equations as pure functions, ``blocks`` the boxes of the papers' figures, ``nets`` their
wiring.

Letters in shape comments: ``B`` batch, ``C`` channels, ``H W`` image, ``T`` frames, ``h w`` stride-16 grid, ``L = h *
w`` tokens, ``K`` key channels, ``V`` value channels, ``N`` classes. A number behind ``f`` is a stride: ``f8`` is a
feature map at an eighth of the image's size.
"""
