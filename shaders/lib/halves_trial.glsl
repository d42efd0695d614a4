// What lib/halves.glsl needs of a driver, in the least that can be compiled.
#define RUN 1
#include "lib/halves.glsl"

layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer Trial { vec4 u_trial; };
shared Copy s_trial;

void main() {
    s_trial = copy_of(u_trial, u_trial.wzyx);
    Copy copy = s_trial;
    Pair few = PAIR(copy, 0);
    few += few * PAIR(copy, 1);
    u_trial = vec4(float(few.x), float(few.y), 0.0, 0.0);
}
