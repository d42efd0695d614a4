// A convolution as a fragment shader: each fragment makes a block, without its bias, and each sum has a target of its own.
// Where the blocks lie: studio/engine/gl/kernels/blocks.py.
#include "lib/block.glsl"

layout(location = 0) out vec4 o_bank[SUMS];

uniform ivec4 u_blocks;  // the shape of a bank: a group of tiles for a tile

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    ivec2 part = at / u_blocks.zy;
    int tile = (part.y * u_blocks.w + part.x) * OUT_TILES;
    ivec2 place = at - part * u_blocks.zy;
    int x = first_pixel(place.x);
    vec4 sum[SUMS];
    for (int n = 0; n < SUMS; n++) sum[n] = vec4(0.0);
    if (tile * 4 < u_shape.x && x < u_shape.z) add_block(tile, x, place.y, sum);
    for (int n = 0; n < SUMS; n++) o_bank[n] = sum[n];
}
