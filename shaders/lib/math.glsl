// Functions that GLSL lacks, or that lose their digits near zero as 1 + x does.

// exp(x) - 1: near zero by its Taylor series.
vec4 expm1(vec4 x) {
    vec4 near = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0))))));
    return mix(exp(x) - 1.0, near, lessThan(abs(x), vec4(0.3)));
}

// log(1 + x) for -1/2 <= x <= 1, as 2 artanh(x / (2 + x)) by its series.
vec4 log1p(vec4 x) {
    vec4 s = x / (2.0 + x), q = s * s;
    vec4 series = 1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0));
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * series))));
}

// 1 - erf(x) for x >= 0, to a relative error of 1.2e-7.
// Source: W. H. Press et al., "Numerical Recipes in C", 2nd edition, 1992, section 6.2, function erfcc.
vec4 erfc(vec4 x) {
    vec4 t = 1.0 / (1.0 + 0.5 * x);
    vec4 tail = 1.48851587 + t * (-0.82215223 + t * 0.17087277);
    tail = -0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * tail));
    tail = 1.00002368 + t * (0.37409196 + t * (0.09678418 + t * tail));
    return t * exp(-x * x - 1.26551223 + t * tail);
}
