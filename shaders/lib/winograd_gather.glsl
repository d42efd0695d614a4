// One texel of the output from the products of lib/winograd_multiply.glsl: the sum of two points along each axis.
#include "lib/winograd.glsl"

#pragma optionNV(unroll all)

#if RUN > 0
vec4 lows_of(uvec4 bits) {
    return vec4(unpackHalf2x16(bits.x).x, unpackHalf2x16(bits.y).x, unpackHalf2x16(bits.z).x, unpackHalf2x16(bits.w).x);
}
#define OF_CELL(point, cell) lows_of(cell % 2 == 0 ? point : point >> 16)
#else
#define OF_CELL(point, cell) point
#endif

vec4 texel(int tile, ivec2 p) {
    ivec2 m = p / PHASES, turn = p - m * PHASES;
    ivec2 place = m + ivec2(FIRST_X[turn.x], FIRST_Y[turn.y]) - LOW;
    ivec2 odd = place & 1, at = place >> 1;
    int turned = (turn.y * PHASES_W + turn.x) * out_tiles + tile;
    int cell = at.y * u_grid.z + at.x;
    vec4 sum = vectors(0, tile);
    for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 2; x++) {
            Point made = u_points[product_place((odd.y + y) * 3 + odd.x + x, turned, cell / EACH)];
            vec4 found = OF_CELL(made, cell);
            sum += (x & odd.x) == (y & odd.y) ? found : -found;
        }
    }
    return sum;
}
