#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    float most = 0.0;
    int found = -1;
    bool spoilt = false;
    for (int c = 0; c < u_shape0.x; c++) {
        float value = read0(c / 4, p)[c % 4];
        bool is_spoilt = is_nan(vec4(value)).x;
        bool beyond = SMALLEST == 1 ? value < most : value > most;
        if (found < 0 || (is_spoilt && !spoilt) || (beyond && !spoilt)) {
            most = value;
            found = c;
            spoilt = is_spoilt;
        }
    }
    return vec4(found);
}
