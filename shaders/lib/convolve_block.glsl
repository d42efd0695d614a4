// A convolution as a compute shader: each invocation makes a block. Blocks are counted row by row: a software rasteriser
// works on LANES of them at once, which a row of a narrow map would not fill.
#include "lib/block.glsl"

layout(local_size_x = LANES) in;

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * uint(LANES) + gl_LocalInvocationIndex);
    int across = blocks_across();
    int y = at / across;
    int x = first_pixel(at - y * across);
    int tile = int(gl_WorkGroupID.z) * OUT_TILES;
    if (x >= u_shape.z || y >= u_shape.y) return;

    vec4 sum[SUMS];
    for (int o = 0; o < OUT_TILES; o++) {
        vec4 bias = vectors(0, tile + o);
        for (int i = 0; i < PIXELS; i++) sum[o * PIXELS + i] = bias;
    }
    add_block(tile, x, y, sum);
    for (int o = 0; o < OUT_TILES; o++) {
        if ((tile + o) * 4 >= u_shape.x) break;
        for (int i = 0; i < PIXELS; i++) {
            if (x + i * PHASES_W >= u_shape.z) break;
            store(tile + o, ivec2(x + i * PHASES_W, y), sum[o * PIXELS + i]);
        }
    }
}
