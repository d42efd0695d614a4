"""What the painters learn: renditions of a picture, each drawn by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from tools.pack.settings import Picture, Plane


def cloud(rng: np.random.Generator, size: int, slope: float) -> Plane:
    """Fractal noise that tiles, mean 0 and standard deviation 1."""
    steps = np.fft.fftfreq(size)
    distance = np.hypot(*np.meshgrid(steps, steps))
    distance[0, 0] = np.inf
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) / distance**slope))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def tone(picture: Picture) -> Plane:
    """Lightness in 0..1, its contrast evened out over the picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.createCLAHE(2.0, (4, 4)).apply(grey).astype(np.float32) / np.float32(255)


def flow(light: Plane, rng: np.random.Generator, blur: float, wander: float) -> tuple[Plane, Plane]:
    """Unit vectors (x, y) along the edges of a picture; where it has none, along a field of noise."""
    smooth = cv2.GaussianBlur(light, (0, 0), 1.5)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(plane, (0, 0), blur) for plane in (gx * gx, gy * gy, gx * gy))
    noise = cloud(rng, len(light), 2.4) * np.float32(0.9)
    # Angles of a line count double: a line has no front, and doubled they can be added up.
    across = np.arctan2(2 * xy, xx - yy) + np.pi
    strength = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    x = strength * np.cos(across) + wander * np.cos(2 * noise)
    y = strength * np.sin(across) + wander * np.sin(2 * noise)
    angle = cv2.phase(x.astype(np.float32), y.astype(np.float32)) / 2
    return np.cos(angle), np.sin(angle)


def ink(picture: Picture, seed: int) -> Picture:
    """A pen drawing: strokes along the forms, the denser the darker, in black and, where it was warm, in vermilion."""
    rng = np.random.default_rng(seed)
    light, scale, shift = tone(picture), 2, 3
    fx, fy = flow(light, rng, 4.0, 0.004)
    size = len(light) * scale
    paper = np.empty((size, size, 3), np.float32)
    paper[:] = (243, 236, 219)
    paper += cv2.GaussianBlur(cloud(rng, size, 0.6), (0, 0), 1.0)[..., None] * 3
    sheet = np.clip(paper, 0, 255).astype(np.uint8)
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 2), cv2.COLOR_RGB2LAB).astype(np.float32)
    warm = (lab[..., 1] - 128) + 0.5 * (lab[..., 2] - 128) > 22
    dark, red = (24, 24, 34), (205, 58, 36)
    for crossing, count, limit in ((0.0, 5200, 0.78), (0.0, 4200, 0.55), (math.pi / 3, 4200, 0.30), (-0.6, 4200, 0.16)):
        places = rng.uniform(2, len(light) - 3, (count * len(light) ** 2 // 384**2, 2))
        turn = (math.cos(crossing), math.sin(crossing))
        for y, x in places:
            here = float(light[int(y), int(x)])
            if here > limit * rng.uniform(0.75, 1.1):
                continue
            colour = red if warm[int(y), int(x)] and crossing == 0.0 else dark
            line = []
            before = (1.0, 0.0)
            for _ in range(int(rng.integers(4, 9))):
                line.append((x * scale * 2**shift, y * scale * 2**shift))
                row, column = int(np.clip(y, 0, len(light) - 1)), int(np.clip(x, 0, len(light) - 1))
                vx, vy = fx[row, column], fy[row, column]
                vx, vy = vx * turn[0] - vy * turn[1], vx * turn[1] + vy * turn[0]
                if vx * before[0] + vy * before[1] < 0:
                    vx, vy = -vx, -vy
                before = (float(vx), float(vy))
                x, y = x + 2.2 * float(vx), y + 2.2 * float(vy)
            width = 1 + round(2.0 * (1 - here) * float(rng.uniform(0.4, 1.2)))
            cv2.polylines(sheet, [np.array(line).astype(np.int32)], False, colour, width, cv2.LINE_AA, shift)
    fine, coarse = cv2.GaussianBlur(light, (0, 0), 1.0), cv2.GaussianBlur(light, (0, 0), 1.8)
    solid = np.clip((0.09 - cv2.GaussianBlur(light, (0, 0), 2)) * 14, 0, 1)
    contour = np.clip((coarse - fine - 0.012) * 28, 0, 1) + solid
    contour = cv2.resize(np.clip(contour, 0, 1), (size, size), interpolation=cv2.INTER_CUBIC)[..., None]
    drawn = sheet * (1 - contour) + np.array(dark, np.float32) * contour
    sheet = np.asarray(np.clip(drawn, 0, 255), np.uint8)
    return np.asarray(cv2.resize(sheet, light.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


GLASS = np.array(
    [
        (18, 22, 60), (26, 52, 140), (34, 110, 190), (60, 190, 205), (14, 110, 100), (70, 165, 80), (200, 210, 70),
        (250, 240, 205), (245, 190, 40), (226, 120, 28), (196, 48, 34), (120, 20, 48), (214, 90, 130), (92, 44, 120),
        (120, 76, 44), (205, 160, 110), (150, 190, 210), (40, 36, 40),
    ],
    np.uint8,
)  # fmt: skip
"""The mosaic's colours of glass."""


def mosaic(picture: Picture, seed: int) -> Picture:
    """Cells of coloured glass in dark lead, smaller where the picture has more to say, each lit from the top left."""
    rng = np.random.default_rng(seed)
    side = len(picture)
    scale = 2
    size = side * scale
    light = tone(picture)
    busy = cv2.GaussianBlur(np.abs(cv2.Laplacian(cv2.GaussianBlur(light, (0, 0), 1.2), cv2.CV_32F)), (0, 0), 6)
    busy = busy / (np.quantile(busy, 0.95) + 1e-6)
    step = 10.0
    grid = np.stack(np.meshgrid(np.arange(step / 2, side, step), np.arange(step / 2, side, step)), -1).reshape(-1, 2)
    keep = rng.random(len(grid)) < 0.34 + 0.66 * np.clip(busy[grid[:, 1].astype(int), grid[:, 0].astype(int)], 0, 1)
    points = grid[keep] + rng.uniform(-0.38, 0.38, (int(keep.sum()), 2)) * step
    large = cv2.resize(picture, (size, size), interpolation=cv2.INTER_CUBIC)
    for turn in range(3):
        seeds = np.full((size, size), 255, np.uint8)
        at = np.clip((points * scale).astype(int), 0, size - 1)
        seeds[at[:, 1], at[:, 0]] = 0
        _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        count = np.bincount(labels.ravel(), minlength=labels.max() + 1).astype(np.float32)
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        cx = np.bincount(labels.ravel(), x.ravel()) / np.maximum(count, 1)
        cy = np.bincount(labels.ravel(), y.ravel()) / np.maximum(count, 1)
        if turn < 2:
            points = np.stack([cx[1:], cy[1:]], 1) / scale
    mean = np.stack([np.bincount(labels.ravel(), large[..., c].ravel()) / np.maximum(count, 1) for c in range(3)], 1)
    lab = cv2.cvtColor(mean.astype(np.uint8)[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    lab[:, 1:] = (lab[:, 1:] - 128) * 1.7 + 128
    lab[:, 0] = np.clip((lab[:, 0] - 128) * 1.15 + 132, 0, 255)
    glass = cv2.cvtColor(GLASS[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    apart = ((lab[:, None] - glass[None]) ** 2 * (1.3, 1.0, 1.0)).sum(2)
    nearest = glass[apart.argmin(1)]
    chosen = 0.25 * lab + 0.75 * nearest
    chosen[:, 0] += rng.normal(0, 9, len(chosen))
    flat = cv2.cvtColor(np.clip(chosen, 0, 255).astype(np.uint8)[None], cv2.COLOR_LAB2RGB)[0].astype(np.float32)
    slope = ((cx[labels] - x) + (cy[labels] - y)) / 18
    painted = flat[labels] * (1 + 0.16 * np.clip(slope, -1.2, 1.2))[..., None]
    border = np.zeros((size, size), bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    lead = cv2.GaussianBlur(cv2.dilate(border.astype(np.float32), np.ones((2, 2))), (0, 0), 0.9)[..., None]
    lead = np.clip(lead * 1.5, 0, 1)
    painted = painted * (1 - lead) + np.array((22, 20, 26), np.float32) * lead
    sharp = np.asarray(np.clip(painted, 0, 255), np.uint8)
    return np.asarray(cv2.resize(sharp, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


NIGHT = np.array(
    [(4, 6, 26), (10, 18, 66), (16, 62, 104), (10, 128, 122), (46, 206, 138), (168, 246, 150), (246, 255, 226)],
    np.float32,
)
DUSK = np.array(
    [(8, 2, 28), (44, 10, 82), (104, 20, 132), (190, 44, 148), (246, 96, 128), (255, 176, 150), (255, 244, 220)],
    np.float32,
)


def graded(light: Plane, colours: Plane) -> Plane:
    """A plane in 0..1 through a row of colours."""
    at = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(light, at, colours[:, c]) for c in range(3)], -1).astype(np.float32)


def aurora(picture: Picture, seed: int) -> Picture:
    """Streams of light along the forms: green and violet by night, with sparks."""
    rng = np.random.default_rng(seed)
    light = tone(picture)
    side = len(light)
    fx, fy = flow(np.asarray(cv2.GaussianBlur(light, (0, 0), 1.0), np.float32), rng, 7.0, 0.010)
    grain = cv2.GaussianBlur(rng.standard_normal((side, side)).astype(np.float32), (0, 0), 0.8)
    noise = grain / grain.std()
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    total, weight = np.zeros_like(light), 0.0
    for direction in (1.0, -1.0):
        px, py = x.copy(), y.copy()
        dx, dy = fx * direction, fy * direction
        for step in range(14):
            fade = math.cos(step / 14 * math.pi / 2)
            total += fade * cv2.remap(noise, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            weight += fade
            px, py = px + 1.3 * dx, py + 1.3 * dy
            nx, ny = (
                np.asarray(cv2.remap(f, px, py, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101), np.float32)
                for f in (fx, fy)
            )
            sign = np.where(nx * dx + ny * dy < 0, np.float32(-1), np.float32(1))
            dx, dy = nx * sign, ny * sign
    streaks = total / total.std()
    detail = light - cv2.GaussianBlur(light, (0, 0), 5)
    level = 0.06 + 0.80 * light**1.25 + 0.9 * detail + (0.05 + 0.10 * light) * streaks
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 4), cv2.COLOR_RGB2LAB).astype(np.float32)
    warmth = (lab[..., 1] - 128) * 0.05 + (lab[..., 2] - 128) * 0.035 + 0.10 * streaks - 0.4
    mix = (1 / (1 + np.exp(-2.0 * warmth)))[..., None]
    lit = np.clip(level, 0, 1)
    painted = graded(lit, NIGHT) * (1 - mix) + graded(lit, DUSK) * mix
    glow = cv2.GaussianBlur(painted * (lit > 0.6)[..., None], (0, 0), 7)
    return np.asarray(np.clip(painted + 0.28 * glow, 0, 255), np.uint8)


STYLES: dict[str, Callable[[Picture, int], Picture]] = {
    "style-ink": ink,
    "style-mosaic": mosaic,
    "style-aurora": aurora,
}
