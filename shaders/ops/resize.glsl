#include "lib/resize_weights.glsl"

vec4 clamped(int tile, ivec2 q) {
    return read0(tile, clamp(q, ivec2(0), u_shape0.zy - 1));
}

#if defined(MODE_NEAREST)
vec4 texel(int tile, ivec2 p) {
    ivec3 x = place(p.x, u_shape0.z, u_shape.z, 1), y = place(p.y, u_shape0.y, u_shape.y, 0);
    return clamped(tile, ivec2(rounded(x), rounded(y)));
}
#else
vec4 texel(int tile, ivec2 p) {
    ivec3 x = place(p.x, u_shape0.z, u_shape.z, 1), y = place(p.y, u_shape0.y, u_shape.y, 0);
    ivec2 across = pace(u_shape0.z, u_shape.z, 1), down = pace(u_shape0.y, u_shape.y, 0);
    int reach_x = reach(across), reach_y = reach(down);
    vec4 sum = vec4(0.0);
    float all_x = 0.0, all_y = 0.0;
    for (int tap = 1 - reach_x; tap <= reach_x; tap++) all_x += weight(tap, x, across, u_shape0.z);
    for (int j = 1 - reach_y; j <= reach_y; j++) {
        float by = weight(j, y, down, u_shape0.y);
        all_y += by;
        if (by == 0.0) continue;
        vec4 row = vec4(0.0);
        for (int i = 1 - reach_x; i <= reach_x; i++) {
            float bx = weight(i, x, across, u_shape0.z);
            if (bx != 0.0) row += bx * clamped(tile, ivec2(x.x + i, y.x + j));
        }
        sum += by * row;
    }
    return sum / (all_x * all_y);
}
#endif
