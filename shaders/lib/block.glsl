// A block of a convolution's output: PIXELS pixels × OUT_TILES tiles in registers, so that a kernel texel is read once for
// PIXELS pixels and an input texel once for 4 * OUT_TILES channels.
//
// The pixels of a block are of one phase, so that they use the same cells:
//
//     PHASES_W = 2, PIXELS = 4:   block 0 -> x = 0 2 4 6,   block 1 -> x = 1 3 5 7
#include "lib/taps.glsl"
#include "lib/kernel.glsl"

#define SUMS (PIXELS * OUT_TILES)

int blocks_across() {
    return (u_shape.z + PIXELS * PHASES_W - 1) / (PIXELS * PHASES_W) * PHASES_W;
}

// The first pixel of a block in a row; the others follow PHASES_W apart.
int first_pixel(int block) {
    return block / PHASES_W * (PIXELS * PHASES_W) + block % PHASES_W;
}

// Adds to sum[o * PIXELS + i] what pixel i of the block that begins at (x, y) gets in tile `tile + o`.
void add_block(int tile, int x, int y, inout vec4 sum[SUMS]) {
    int first = first_input_tile(tile);
    int count = input_tiles(first);
    ivec2 m = ivec2(x, y) / PHASES;
    Phase phase = phase_at(ivec2(x, y) - m * PHASES);
    for (int ty = 0; ty < phase.count.y; ty++) {
        for (int tx = 0; tx < phase.count.x; tx++) {
            ivec2 q[PIXELS];
            bool read[PIXELS];
            bool any_read = false;
            for (int i = 0; i < PIXELS; i++) {
                q[i] = (m + ivec2(i, 0)) * STEP + phase.first + ivec2(tx, ty) * SPACING;
                read[i] = x + i * PHASES_W < u_shape.z && source(q[i]);
                any_read = any_read || read[i];
            }
            if (!any_read) continue;
            int cell = phase.base + ty * phase.count.x + tx;
            for (int j = 0; j < count; j++) {
                vec4 value[PIXELS];
                // Loaded whether used or not: a branch around it takes longer, and past the edge nothing can go wrong.
                for (int i = 0; i < PIXELS; i++) {
                    vec4 found = input_value(first + j, q[i]);
                    value[i] = mix(vec4(0.0), found, bvec4(read[i]));
                }
                for (int o = 0; o < OUT_TILES; o++) {
                    KernelPlace at = kernel_place(tile + o, j, cell);
                    vec4 k0 = kernel_at(at, 0);
                    vec4 k1 = kernel_at(at, 1);
                    vec4 k2 = kernel_at(at, 2);
                    vec4 k3 = kernel_at(at, 3);
                    for (int i = 0; i < PIXELS; i++) {
                        vec4 v = value[i];
                        sum[o * PIXELS + i] += k0 * v.x + k1 * v.y + k2 * v.z + k3 * v.w;
                    }
                }
            }
        }
    }
}
