#include "lib/sample.glsl"

vec2 place(ivec2 p) {
    vec2 middle = vec2(u_shape.zy - 1) / 2.0, from = vec2(p) - middle;
    vec2 at = vec2(COSINE * from.x + SINE * from.y, COSINE * from.y - SINE * from.x);
    for (int k = 0; k < int(SEGMENTS); k++) {
        at.y = abs(at.y);
        float past = max(EDGE_X * at.y - EDGE_Y * at.x, 0.0);
        at += 2.0 * past * vec2(EDGE_Y, -EDGE_X);
    }
    return middle + vec2(COSINE * at.x - SINE * at.y, SINE * at.x + COSINE * at.y);
}

#include "lib/moved.glsl"
