#include "lib/sample.glsl"

vec2 place(ivec2 p) {
    vec2 middle = vec2(u_shape.zy) / 2.0, from = vec2(p) - middle;
    vec2 to = vec2(COSINE * from.x - SINE * from.y, SINE * from.x + COSINE * from.y);
    return middle + to;
}

#include "lib/moved.glsl"
