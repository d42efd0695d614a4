#include "lib/sample.glsl"

vec2 place(ivec2 p) {
    vec2 middle = vec2(u_shape.zy) / 2.0;
    return middle + (vec2(p) - middle) / FACTOR;
}

#include "lib/moved.glsl"
