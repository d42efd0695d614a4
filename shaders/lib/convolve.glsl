// One texel of a convolution. The operator's file says whether a place is part of its input, moving it there where a
// border repeats (`source`), and how it is read (`input_value`).
#include "lib/taps.glsl"
#include "lib/kernel.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vectors(0, tile);
    int first = first_input_tile(tile);
    int count = input_tiles(first);
    ivec2 m = p / PHASES;
    Phase phase = phase_at(p - m * PHASES);
    for (int ty = 0; ty < phase.count.y; ty++) {
        for (int tx = 0; tx < phase.count.x; tx++) {
            ivec2 q = m * STEP + phase.first + ivec2(tx, ty) * SPACING;
            if (!source(q)) continue;
            int cell = phase.base + ty * phase.count.x + tx;
            for (int j = 0; j < count; j++) {
                vec4 v = input_value(first + j, q);
                ivec2 at = kernel_place(tile, j, cell);
                sum += kernel_at(at, 0) * v.x + kernel_at(at, 1) * v.y + kernel_at(at, 2) * v.z + kernel_at(at, 3) * v.w;
            }
        }
    }
    return sum;
}
